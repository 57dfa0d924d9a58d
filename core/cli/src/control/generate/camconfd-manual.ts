import type { Command } from 'commander';
import { version } from '../../version.ts';
import { manualPage, programOptions } from './man-page.ts';

/** The manual page camconfd(8), its options as the program itself knows them. */
export function camconfdManual(program: Command): string {
  return manualPage({
    name: 'camconfd',
    section: 8,
    version,
    summary: 'tell the kernel what to capture',
    synopsis: ['*camconfd* [<option>...]'],
    sections: [
      [
        'Description',
        [
          '*camconfd* makes the kernel do what /etc/camflow.ini says, once, and ends. The file is checked whole before ' +
            'anything is changed; then all of it is applied, or nothing.',
          'It remembers what it applied. Run again it changes only what differs: lines that were removed from the file ' +
            'are taken back, and what was set with *camflow*(1) since stays, and is listed.',
          'Where a line is malformed, or names a file that does not exist or a type of node that there is not, it is passed ' +
            'over with a warning, as in CamFlow. Everything else that is wrong is an error, also what this kernel would refuse.',
          'With persist=true in [file] what is said about files, in the file or by hand, outlives a restart of the machine: ' +
            '*camconfd --save*, which the service runs when it stops, keeps it by device, inode and generation, and the ' +
            'first *camconfd* of a start says it again. Files of file systems in memory are left out.',
          'To try a file out, give it a folder of control files with *--securityfs*, and with *--state* one for what it ' +
            'remembers, apart from what the machine was told; without *--state* it refuses. No privilege is needed then ' +
            'but that of writing these files. Marks stay attributes of the files themselves.',
          'On a CamFlow kernel it starts the relay, with the buffers of [relay]. On others it loads the BPF programs. ' +
            'Buffers and identifiers are taken once in a start of the machine: a warning tells where the file says others ' +
            'later.',
        ],
      ],
      ['Options', [programOptions(program)]],
      [
        'Exit status',
        [
          [
            ['0', 'The kernel does what the file says.'],
            [
              '1',
              'A change failed. Standard error says whether everything is as it was before, and what is not.',
            ],
            ['2', 'The file or the command line is wrong; nothing was changed.'],
            ['4', 'A privilege is missing, or this kernel cannot do it; nothing was changed.'],
          ],
        ],
      ],
      [
        'Files',
        [
          [
            ['/etc/camflow.ini', 'what is to be captured'],
            ['/var/lib/camflow/applied.json', 'what was applied last'],
            ['/var/lib/camflow/file-flags.json', 'what was said about files when it was saved last'],
            ['/etc/camflow-machine_id', 'the identifier of the machine, 4 bytes, made where it is missing'],
            ['/etc/camflow-boot_id', 'the number of its last start, 4 bytes, counted on once per start'],
          ],
        ],
      ],
      ['See also', ['*camflow*(1), *camflowd*(8)']],
    ],
  });
}
