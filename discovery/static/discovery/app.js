// The frame around every page: walking between them, the shield, the keyboard; and the first page's own script.
import * as early from "./early.js";
import * as keys from "./keys.js";
import { start } from "./pages.js";
import * as shield from "./shield.js";
import * as soft from "./soft.js";

early.begin();
soft.begin();
shield.begin();
keys.begin();
start();
