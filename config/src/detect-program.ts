import type { Configuration } from './configuration.ts';
import { controlSections } from './control-sections.ts';

/** The programs that have a configuration file: `/etc/camflowd.ini` and `/etc/camflow.ini`. */
export type ConfiguredProgram = 'camflowd' | 'camconfd';

/**
 * Tells by its sections whose file this is: `[general]` is camflowd's alone; without it, any section of
 * camconfd's makes it camconfd's.
 */
export function detectProgram(configuration: Configuration): ConfiguredProgram {
  const names = [...configuration.sections.keys()];
  if (names.includes('general')) return 'camflowd';
  return names.some((name) => controlSections.has(name)) ? 'camconfd' : 'camflowd';
}
