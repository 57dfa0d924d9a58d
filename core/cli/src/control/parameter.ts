import { CamflowError, nearestName } from '@camflow/api';

/** What a shell may offer for a parameter. */
export type Completion =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'processes' | 'users' | 'groups' | 'nothing' };

/** One argument of an option. */
export interface Parameter<Value> {
  /** Stands in the help: `filename`. */
  readonly name: string;
  /** What it may be, for the manual. */
  readonly about: string;
  readonly completion: Completion;
  /** @throws CamflowError `USAGE`: what is wrong, and what would be right */
  readonly parse: (text: string) => Value;
}

/** A parameter that is one of a few words. */
export function oneOfWords<Word extends string>(
  name: string,
  about: string,
  words: readonly Word[],
  what = 'one of the words',
): Parameter<Word> {
  return {
    name,
    about,
    completion: { kind: 'words', words },
    parse: (text) => {
      const found = words.find((word) => word === text);
      if (found !== undefined) return found;
      const nearest = nearestName(text, words);
      const known = words.length > 8 ? '' : `Use ${words.join(', ')}.`;
      throw refused(
        text,
        what,
        nearest === undefined ? known : `Did you mean ${nearest}?${known && ` ${known}`}`,
      );
    },
  };
}

/** A whole number in decimal within bounds, both included. */
export function wholeNumber(
  name: string,
  about: string,
  [least, most]: readonly [number, number],
  completion: Completion = { kind: 'nothing' },
): Parameter<number> {
  return {
    name,
    about,
    completion,
    parse: (text) => {
      if (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
      throw refused(text, 'a number that is accepted here', `Give a whole number from ${least} to ${most}.`);
    },
  };
}

/** The error of an argument that is not what it should be. */
export function refused(text: string, what: string, hint: string): CamflowError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
  return new CamflowError('USAGE', `${shown} is not ${what}`, hint === '' ? {} : { hint });
}
