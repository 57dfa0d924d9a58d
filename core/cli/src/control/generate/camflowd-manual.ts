import { generalSection } from '@camflow/config';
import type { Command } from 'commander';
import { version } from '../../version.ts';
import { manualPage, programOptions } from './man-page.ts';

/** The manual page camflowd(8), its options and keys as the program itself knows them. */
export function camflowdManual(program: Command): string {
  const keys = Object.entries(generalSection.options?.keys ?? {}).map(([key, doc]) => {
    const fallback = doc.default === undefined || doc.default === '' ? '' : ` Default: ${doc.default}.`;
    return [`*${key}*`, `${doc.summary}${fallback}`] as const;
  });
  return manualPage({
    name: 'camflowd',
    section: 8,
    version,
    summary: 'record provenance',
    synopsis: ['*camflowd* [<option>...]'],
    sections: [
      [
        'Description',
        [
          '*camflowd* reads what the kernel captures, puts it into a format, and delivers it to outputs, in the foreground. ' +
            'What is captured is said by *camconfd*(8) and *camflow*(1); where nobody said anything, everything is.',
          'Of every record it tells in the end whether it was delivered, filtered, or lost, and to what.',
          'It serves the state of capture, and takes disclosures, at a socket that any user may connect to.',
        ],
      ],
      ['Options', [programOptions(program)]],
      [
        'Signals',
        [
          [
            ['*SIGTERM*, *SIGINT*', 'Deliver what was captured, and end; the second one ends at once.'],
            ['*SIGHUP*', 'Read the configuration again, and open files anew. No unit is lost or split.'],
          ],
        ],
      ],
      [
        'Configuration',
        [
          'The sections of /etc/camflowd.ini are [general] and one for each plugin; *camflow plugins --options* lists the keys ' +
            'of plugins, *camflow config check* finds mistakes. Keys of [general]:',
          keys,
        ],
      ],
      [
        'Exit status',
        [
          [
            ['0', 'It was told to stop, and did.'],
            ['1', 'It failed after it had started, or an output refused records for good.'],
            ['2', 'The configuration or the command line is wrong; nothing was started.'],
            ['3', 'A plugin cannot be found, trusted or loaded; nothing was started.'],
            ['4', 'A source or an output is not there; nothing was captured.'],
          ],
        ],
      ],
      [
        'Files',
        [
          [
            ['/etc/camflowd.ini', 'the configuration; without it defaults hold'],
            ['/run/camflow/control.sock', 'the socket for all users'],
            ['/var/lib/camflow/spool', 'what waits for outputs'],
          ],
        ],
      ],
      ['See also', ['*camflow*(1), *camconfd*(8)']],
    ],
  });
}
