import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfiguration } from './check-configuration.ts';
import { controlSections } from './control-sections.ts';
import { controlSettings } from './control-settings.ts';
import { detectProgram } from './detect-program.ts';
import { describeProblem } from './problem.ts';
import { readConfiguration } from './read-configuration.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-control-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function check(content: string) {
  const path = join(folder, 'camflow.ini');
  writeFileSync(path, content);
  const configuration = await readConfiguration({ path, environment: {} });
  const { errors, warnings } = await checkConfiguration(configuration, controlSections);
  const short = (problem: (typeof errors)[number]) => describeProblem(problem).slice(path.length + 1);
  return { configuration, errors: errors.map(short), warnings: warnings.map(short) };
}

/** The sections and keys of CamFlow's own file, with the minus signs that it has. */
const camflow = `; what is captured
[provenance]
;machine_id=1234
enabled=true
all=false
node_filter=directory
node_filter=inode_unknown
node_filter=char
node_filter=envp
;relation_filter=sh_read
;propagate_node_filter=directory

[compression]
version=true
node=true
edge=true
duplicate=false

[file]
opaque=/usr/bin/bash
track=/home/user/a file
propagate=/srv/data

[ipv4\u2212egress]
propagate=0.0.0.0/0:80
record=0.0.0.0/0:0

[ipv4\u2212ingress]
track=127.0.0.1/32:8080

[user]
track=www-data
[group]
opaque=wheel
[secctx]
propagate=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023

[relay]
buff_exp=20
subuf_nb=8
`;

test("CamFlow's own camflow.ini passes without a word", async () => {
  const { configuration, errors, warnings } = await check(camflow);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([]);
  expect(detectProgram(configuration)).toBe('camconfd');
  expect(configuration.sections.get('provenance')?.options['node_filter']).toHaveLength(4);
  expect(configuration.sections.get('ipv4-egress')?.options['record']).toBe('0.0.0.0/0:0');
});

test('mistakes that CamFlow takes in silence are told', async () => {
  const { errors, warnings } = await check(
    '[provenance]\nenabled=yes\nnode_filter=directroy\nnode_filter=string\nrelation_filter=ran_on\nrelation_filter=reads\n' +
      '[compression]\nduplicate=true;\n[ipv4-egress]\ntrack=10.0.0.300/8:80\ntrack=10.0.0.3/8\n[relay]\nsubuf_nb=0\nbuf_exp=20\n[files]\n',
  );
  const form = ' Write ADDRESS/BITS:PORT, for example 10.0.0.0/8:443; port 0 stands for every port.';
  expect(errors).toEqual([
    '2: provenance.enabled: must be true or false',
    '3: provenance.node_filter: "directroy" is not a node type; did you mean directory?',
    '4: provenance.node_filter: "string" is not a node type',
    '5: provenance.relation_filter: "ran_on" is not a relation type that can be filtered',
    '6: provenance.relation_filter: "reads" is not a relation type that can be filtered; did you mean read?',
    '8: compression.duplicate: must be true or false',
    `10: ipv4-egress.track: "10.0.0.300/8:80" is not an IPv4 address range: "10.0.0.300" is not an IPv4 address.${form}`,
    `11: ipv4-egress.track: "10.0.0.3/8" is not an IPv4 address range: it has not the form ADDRESS/BITS:PORT.${form}`,
    '13: relay.subuf_nb: must be an integer from 1 to 1000000, not "0"',
  ]);
  expect(warnings).toEqual([
    '14: unknown key "buf_exp" in [relay]; did you mean buff_exp?',
    '15: unknown section [files]; did you mean [file]?',
  ]);
});

test('the program is told by the sections', async () => {
  expect(detectProgram((await check('[general]\n[file]\n')).configuration)).toBe('camflowd');
  expect(detectProgram((await check('[relay]\n')).configuration)).toBe('camconfd');
  expect(detectProgram((await check('[log]\n')).configuration)).toBe('camflowd');
});

test('lines that are malformed, and paths that are empty, are passed over as in CamFlow', async () => {
  const { configuration } = await check(
    '[provenance]\nenabled=true\nfoo\n=true\nall now=true\n[compression\nall=true\n[file]\ntrack=\ntrack=/a\n  \nopaque=\n',
  );
  const { settings, errors, warnings } = await controlSettings(configuration);
  expect(errors).toEqual([]);
  expect(warnings.map(({ where, message }) => `${where.split(':').at(-1)}: ${message}`)).toEqual([
    '3: neither a [section], nor "key=value", nor a comment; the line is passed over, as in CamFlow',
    '4: neither a [section], nor "key=value", nor a comment; the line is passed over, as in CamFlow',
    '5: neither a [section], nor "key=value", nor a comment; the line is passed over, as in CamFlow',
    '6: a section needs a closing "]"; the line is passed over, as in CamFlow',
    '9: file.track: must not be empty; the line is passed over, as in CamFlow',
    '12: file.opaque: must not be empty; the line is passed over, as in CamFlow',
  ]);
  // The heading is not closed: what follows is still of [provenance].
  expect(settings.booleans.get('provenance.all')).toBe(true);
  expect(settings.lists.get('file.track')?.map(({ value }) => value)).toEqual(['/a']);
});
