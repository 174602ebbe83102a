// Histories from elsewhere: a file handed in, read in the background, and what became of it.
import { act } from "../page.js";
import * as list from "./list.js";
import * as sending from "./sending.js";

sending.begin(list.load);
list.begin();
act(list.load);
