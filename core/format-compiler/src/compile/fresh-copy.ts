/**
 * A function of the same text, which the optimising compiler takes for another one. It builds closures of a
 * function text that was closed over once with the variables they closed over as constants, and gives that up
 * for a text that was closed over twice: a second table in a thread would then slow down both.
 *
 * @param create - must refer to nothing but its parameters
 */
export function freshCopy<Create extends (...given: never[]) => unknown>(create: Create): Create {
  return new Function(`'use strict';return ${create}`)() as Create;
}
