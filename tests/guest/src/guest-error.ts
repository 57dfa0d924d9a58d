/**
 * The guest could not be made or did not finish its job. A class of its own: the codes of the project's
 * errors are for the people who run the recorder, and this package is for those who test it.
 */
export class GuestError extends Error {
  override readonly name: string = 'GuestError';
}
