import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertTrustedModule } from './trust.ts';

const isRoot = process.geteuid?.() === 0;
const rootNote = isRoot ? '' : ' (skipped: only root can give files away)';

let folder: string;
let plugin: string;
let module: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'camflow-trust-')));
  plugin = join(folder, 'lib', 'node_modules', 'plugin');
  module = file(join(plugin, 'dist', 'index.js'));
  file(join(plugin, 'package.json'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(path: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

async function refusal(): Promise<{ code: string; message: string }> {
  const error = await assertTrustedModule(module, plugin).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'PLUGIN_UNTRUSTED' });
  return error;
}

describe('a module is trusted where nobody else can change it', () => {
  test('a plain package, below a sticky folder of root, is', async () => {
    expect(await assertTrustedModule(module, plugin)).toBe(module);
  });

  test.each([
    ['the module', () => chmodSync(module, 0o664), () => module, 'its group (mode 0664)'],
    ['its folder', () => chmodSync(dirname(module), 0o777), () => dirname(module), 'everyone (mode 0777)'],
    ['the package', () => chmodSync(plugin, 0o775), () => plugin, 'its group (mode 0775)'],
    ['a sticky package', () => chmodSync(plugin, 0o1777), () => plugin, 'everyone (mode 1777)'],
    ['a folder above', () => chmodSync(join(folder, 'lib'), 0o770), () => join(folder, 'lib'), 'its group'],
    [
      'another file of the package',
      () => file(join(plugin, 'data', 'x.json'), 0o666),
      () => join(plugin, 'data', 'x.json'),
      'everyone',
    ],
    [
      'a package beside it',
      () => file(join(plugin, '..', 'dep', 'i.js'), 0o646),
      () => join(plugin, '..', 'dep', 'i.js'),
      'everyone',
    ],
    [
      'packages further up',
      () => file(join(folder, 'node_modules', 'dep.js'), 0o666),
      () => join(folder, 'node_modules', 'dep.js'),
      'everyone',
    ],
  ])('%s that others may write to is refused', async (_what, change, at, who) => {
    change();
    const { message } = await refusal();
    expect(message).toMatch(`${at()} may be changed by ${who}`);
  });

  test('a file right in a sticky folder is refused: anyone may put more beside it', async () => {
    const place = join(folder, 'sticky');
    mkdirSync(place);
    chmodSync(place, 0o1777);
    const alone = file(join(place, 'alone.js'));
    await expect(assertTrustedModule(alone, place)).rejects.toMatchObject({
      code: 'PLUGIN_UNTRUSTED',
      message: `${place} may be changed by everyone (mode 1777)`,
      hint: 'Install the plugin into a folder of its own.',
    });
  });

  test('of a link, what it leads to counts', async () => {
    const outside = file(join(folder, 'elsewhere', 'deep', 'real.js'));
    rmSync(module);
    symlinkSync('../../../../elsewhere/deep/real.js', module);
    expect(await assertTrustedModule(module, plugin)).toBe(outside);
    file(join(folder, 'elsewhere', 'deep', 'sibling.js'), 0o666);
    expect((await refusal()).message).toContain('sibling.js may be changed by everyone');
    rmSync(join(folder, 'elsewhere', 'deep', 'sibling.js'));
    chmodSync(join(folder, 'elsewhere'), 0o777);
    expect((await refusal()).message).toContain(`${join(folder, 'elsewhere')} may be changed by everyone`);
  });

  test('of a link inside the package, too', async () => {
    symlinkSync(file(join(folder, 'shared', 'helper.js'), 0o664), join(plugin, 'helper.js'));
    expect((await refusal()).message).toContain('helper.js may be changed by its group');
  });

  test('a link inside the package that leads nowhere does no harm', async () => {
    symlinkSync(join(folder, 'absent', 'helper.js'), join(plugin, 'helper.js'));
    expect(await assertTrustedModule(module, plugin)).toBe(module);
  });

  test('links that go round end in a refusal', async () => {
    rmSync(module);
    symlinkSync('index.js', module);
    expect((await refusal()).message).toContain('too many symbolic links');
  });

  test.skipIf(!isRoot)(`a file, a folder or a link of another user is refused${rootNote}`, async () => {
    chownSync(module, 12345, 0);
    expect((await refusal()).message).toBe(`${module} belongs to user 12345, not to root`);
    chownSync(module, 0, 0);
    chownSync(join(folder, 'lib'), 12345, 0);
    expect((await refusal()).message).toContain(`${join(folder, 'lib')} belongs to user 12345`);
    chownSync(join(folder, 'lib'), 0, 12345);
    expect(await assertTrustedModule(module, plugin)).toBe(module);
  });
});
