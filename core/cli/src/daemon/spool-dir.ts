/** Where root's recorder keeps spools unless it is told another place. */
export const rootSpoolDir = '/var/lib/camflow/spool';
