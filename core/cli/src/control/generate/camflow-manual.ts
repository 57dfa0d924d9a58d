import { version } from '../../version.ts';
import { generalBlock, manualPage, optionBlocks } from './man-page.ts';

/** The manual page camflow(1). */
export function camflowManual(commands: readonly (readonly [name: string, summary: string])[]): string {
  return manualPage({
    name: 'camflow',
    section: 1,
    version,
    summary: 'control and use whole-system provenance',
    synopsis: ['*camflow* <option> [<argument>...] [*--json*]', '*camflow* <command> [<argument>...]'],
    sections: [
      [
        'Description',
        [
          'With an option, *camflow* shows or changes what the kernel captures: that of CamFlow through its control ' +
            'files, any other through BPF programs. One option at a time; all of it is checked before anything is ' +
            'done. What is set does not outlive a restart of the machine: /etc/camflow.ini does, see *camconfd*(8).',
          'With a command, it records and replays; *camflow* <command> *--help* explains each.',
        ],
      ],
      ...optionBlocks(),
      ['Options: all', [generalBlock()]],
      ['Commands', [commands.map(([name, summary]) => [`*${name}*`, `${summary}.`] as const)]],
      [
        'Exit status',
        [
          [
            ['0', 'Done.'],
            ['1', 'It failed, for a reason that standard error gives in one sentence.'],
            ['2', 'The command line is wrong; nothing was done.'],
            ['4', 'A privilege is missing, or this kernel cannot do it.'],
          ],
        ],
      ],
      [
        'Files',
        [
          [
            ['/etc/camflow.ini', 'what is captured, from the start of the machine on'],
            ['/etc/camflow-labels', 'the labels, one per line: that of taint bit 0 first'],
            [
              '/etc/camflow-machine_id, /etc/camflow-boot_id',
              'identifiers of the machine and of its last start',
            ],
          ],
        ],
      ],
      ['See also', ['*camconfd*(8), *camflowd*(8)']],
    ],
  });
}
