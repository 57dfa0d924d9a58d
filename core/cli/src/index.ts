/** @packageDocumentation The programs of CamFlow, as functions: for those who embed them. */
export { runCamflow } from './programs/camflow-program.ts';
export { runCamflowd } from './programs/camflowd-program.ts';
