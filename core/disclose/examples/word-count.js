#!/usr/bin/env node
// Counts words and tells the recorder what it did: which text, on whose behalf, with what result.
//   node word-count.js FILE
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { connect } from '@camflow/disclose';

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('word-count: name a file');
  process.exit(2);
}
const camflow = await connect(process.env.CAMFLOW_SOCKET ? { path: process.env.CAMFLOW_SOCKET } : {});
const author = await camflow.agent({ name: userInfo().username });
const counting = await camflow.activity({ name: 'counting words' });
const text = await camflow.entity({ name: path, role: 'text' }, { link: false });
await camflow.associated(counting, author);
await camflow.used(counting, text);

const words = (await readFile(path, 'utf8')).split(/\s+/).filter((word) => word !== '').length;

const result = await camflow.entity({ name: 'count', words });
await camflow.generated(result, counting);
await camflow.derived(result, text);
camflow.close();
console.log(words);
