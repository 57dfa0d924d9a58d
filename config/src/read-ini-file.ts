import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CamflowError } from '@camflow/api';
import { type CosmiconfigResult, cosmiconfig, defaultLoaders, type PublicExplorer } from 'cosmiconfig';
import { type IniDocument, parseIni } from './ini-dialect.ts';

/** A configuration file is short; a larger one is not a configuration file. */
const largestFileBytes = 1024 * 1024;

/**
 * Looks for the configuration of a program in one folder, and nowhere else.
 * @param directory - absolute path, `/etc` outside of tests
 * @returns the path of the file, or undefined where there is none
 */
export async function findIniFile(name: string, directory: string): Promise<string | undefined> {
  const found = await createExplorer(name).search(directory);
  if (found !== null) return found.filepath;
  // cosmiconfig passes over files that it may not read. A daemon must not run on defaults because of that.
  const path = join(directory, name);
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists ? path : undefined;
}

/**
 * Reads a file as text in CamFlow's ini dialect, whatever its name: nothing is ever executed.
 * @throws CamflowError `CONFIG_UNREADABLE`
 */
export async function readIniFile(path: string): Promise<IniDocument> {
  let result: CosmiconfigResult;
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new Error('not a regular file');
    if (status.size > largestFileBytes) throw new Error(`larger than ${largestFileBytes} bytes`);
    result = await createExplorer('camflow.ini').load(path);
  } catch (cause) {
    throw new CamflowError('CONFIG_UNREADABLE', `cannot read the configuration file ${path}`, {
      hint: 'It must be a text file that this user may read.',
      cause,
    });
  }
  return (result?.config as IniDocument | undefined) ?? parseIni('');
}

function loadIni(_path: string, content: string): IniDocument {
  if (/[\0\ufffd]/.test(content)) throw new Error('not UTF-8 text');
  return parseIni(content);
}

/**
 * An explorer that knows one loader. Unless told otherwise for each ending, cosmiconfig keeps its own, and runs a
 * file called `x.js`.
 */
function createExplorer(fileName: string): PublicExplorer {
  const endings = [...Object.keys(defaultLoaders), '.ini', 'default'];
  return outsideAnyDirectory(() =>
    cosmiconfig('camflow', {
      searchPlaces: [fileName],
      searchStrategy: 'none',
      loaders: Object.fromEntries(endings.map((ending) => [ending, loadIni])),
      // A file called package.* would otherwise be searched for a property.
      packageProp: [],
      ignoreEmptySearchPlaces: false,
      cache: false,
    }),
  );
}

/**
 * cosmiconfig 9 has no switch for its "meta configuration": whenever an explorer is made it reads
 * `package.json` and runs `.config/config.js` in the working directory. It asks for that directory
 * synchronously, so for the length of that one call it is told of one that nobody can create.
 */
function outsideAnyDirectory<Result>(call: () => Result): Result {
  const workingDirectory = process.cwd;
  process.cwd = () => '/proc/0/no-such-directory';
  try {
    return call();
  } finally {
    process.cwd = workingDirectory;
  }
}
