// People by the names they chose; two of one name are told apart by their handles.
import { asList } from "../words.js";

export const named = (person, among) => (among.filter(({ displayName }) => displayName === person.displayName).length > 1
  ? `${person.displayName} (@${person.handle})` : person.displayName);

export const namesOf = (people) => asList(people.map((person) => named(person, people)));
