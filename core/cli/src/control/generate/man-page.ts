import type { Command } from 'commander';
import type { OptionGroup } from '../control-option.ts';
import { controlOptions, generalOptions } from '../option-table.ts';

/** A manual page in parts. */
export interface ManualPage {
  readonly name: string;
  readonly section: number;
  readonly version: string;
  readonly summary: string;
  /** Forms of the command line; `*word*` stands for what is typed as it is. */
  readonly synopsis: readonly string[];
  readonly sections: readonly (readonly [title: string, blocks: readonly ManualBlock[]])[];
}

/** A paragraph, or a list of terms and what they mean. */
export type ManualBlock = string | readonly (readonly [term: string, text: string])[];

/** Writes a page in the language of man(7). `*text*` is bold, `_text_` is what is put in. */
export function manualPage(page: ManualPage): string {
  const lines = [
    `.TH ${page.name.toUpperCase()} ${page.section} "" "camflow ${page.version}" "CamFlow"`,
    '.SH NAME',
    `${page.name} \\- ${troff(page.summary)}`,
    '.SH SYNOPSIS',
    ...page.synopsis.flatMap((form) => [troff(form), '.br']),
  ];
  for (const [title, blocks] of page.sections) {
    lines.push(`.SH ${title.toUpperCase()}`);
    for (const block of blocks) {
      if (typeof block === 'string') lines.push('.PP', troff(block));
      else lines.push(...block.flatMap(([term, text]) => ['.TP', troff(term), troff(text)]));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The options that control capture, under their heads. */
export function optionBlocks(): (readonly [title: string, blocks: readonly ManualBlock[]])[] {
  const groups = [...new Set(controlOptions.map(({ group }) => group))];
  return groups.map((group) => [`Options: ${group}`, [entriesOf(group)]] as const);
}

/** The options that go with any other. */
export function generalBlock(): ManualBlock {
  return generalOptions.map(
    ([flag, parameter, summary]) =>
      [`*${flag}*${parameter && ` <${parameter}>`}`, sentence(summary)] as const,
  );
}

/** The options of a program, as it knows them itself. */
export function programOptions({ options }: Command): ManualBlock {
  return options.map(({ flags, description }) => [`*${flags}*`, `${sentence(description)}.`] as const);
}

function entriesOf(group: OptionGroup): ManualBlock {
  return controlOptions
    .filter((option) => option.group === group)
    .map(({ flag, parameters, summary }) => {
      const about = parameters.map(({ name, about }) => `<${name}>: ${about}.`);
      const names = parameters.map(({ name }) => `<${name}>`);
      return [[`*${flag}*`, ...names].join(' '), [sentence(summary), ...about].join(' ')] as const;
    });
}

function sentence(summary: string): string {
  return summary[0]!.toUpperCase() + summary.slice(1);
}

/** Text in man(7): nothing in it is taken for a request. */
function troff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  const marked = escaped
    .replace(/\*([^*]+)\*/g, '\\fB$1\\fR')
    .replace(/`([^`]+)`/g, '\\fB$1\\fR')
    .replace(/<([^>]+)>/g, '\\fI$1\\fR');
  return /^[.']/.test(marked) ? `\\&${marked}` : marked;
}
