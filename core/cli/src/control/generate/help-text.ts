import { controlOptions, generalOptions } from '../option-table.ts';

/** Codes of the colours that CamFlow has: green for options, yellow for parameters. */
const colours = { green: '\u001b[32m', yellow: '\u001b[33m', red: '\u001b[31m', reset: '\u001b[0m' } as const;

/** A text in a colour, where colours are wanted. */
export function coloured(text: string, colour: 'green' | 'yellow' | 'red', wanted: boolean): string {
  return wanted ? `${colours[colour]}${text}${colours.reset}` : text;
}

/** Commands with what they do. */
type Commands = readonly (readonly [name: string, summary: string])[];

/** The same for programs. */
export function helpJson(commands: Commands): object {
  return {
    options: [
      ...controlOptions.map(({ flag, parameters, summary }) => ({
        option: flag,
        parameters: parameters.map(({ name }) => name),
        summary,
      })),
      ...generalOptions.map(([flag, parameter, summary]) => ({
        option: flag,
        parameters: parameter === '' ? [] : [parameter],
        summary,
      })),
    ],
    commands: commands.map(([command, summary]) => ({ command, summary })),
  };
}

/** The text of `-h`. */
export function helpText(commands: Commands, colour: boolean): string {
  const entry = (flag: string, parameters: readonly string[], summary: string): string => {
    const words = [
      coloured(flag, 'green', colour),
      ...parameters.map((name) => coloured(`<${name}>`, 'yellow', colour)),
    ];
    return `${words.join(' ')}\n ${summary}\n`;
  };
  return [
    entry('-h', [], 'usage.'),
    ...controlOptions.map(({ flag, parameters, summary }) =>
      entry(
        flag,
        parameters.map(({ name }) => name),
        summary,
      ),
    ),
    ...generalOptions.map(([flag, parameter, summary]) =>
      entry(flag, parameter === '' ? [] : [parameter], summary),
    ),
    ...commands.map(([name, summary]) => entry(name, [], `${summary}.`)),
  ].join('\n');
}
