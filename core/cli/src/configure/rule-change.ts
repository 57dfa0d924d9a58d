import { actionsOf, type Rule, type RuleSelector, selectorText } from '@camflow/kernel';

/** What is said about a selector, and what is to be said: bits of rules, 0 where that is nothing. */
export interface RuleChange {
  readonly selector: RuleSelector;
  readonly before: number;
  readonly after: number;
}

/** What a rule says in the words of camflow.ini, one line for each. */
export function ruleLines({ selector, bits }: Rule): string[] {
  return actionsOf(bits).map((word) => `${selector.kind}.${word}=${selectorText(selector)}`);
}

/** What is taken back and what is added, line by line. */
export function textOfChanges(changes: readonly RuleChange[]): string {
  const lines = changes.flatMap(({ selector, before, after }) => {
    const [removed, added] = [ruleLines({ selector, bits: before }), ruleLines({ selector, bits: after })];
    return [
      ...removed.filter((line) => !added.includes(line)).map((line) => `- ${line}`),
      ...added.filter((line) => !removed.includes(line)).map((line) => `+ ${line}`),
    ];
  });
  return lines.join('\n');
}
