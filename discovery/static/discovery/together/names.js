// People by the names they chose; two of one name are told apart by their handles.
import { asList } from "../words.js";

export const named = (person, among) => (among.some(({ displayName, handle }) => displayName === person.displayName && handle !== person.handle)
  ? `${person.displayName} (@${person.handle})` : person.displayName);

export const namesOf = (people) => asList(people.map((person) => named(person, people)));
