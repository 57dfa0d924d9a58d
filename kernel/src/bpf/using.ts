/** Does something with what was opened, and closes it, also where that fails. */
export function using<Resource extends { close(): void }, Result>(
  resource: Resource,
  task: (resource: Resource) => Result,
): Result {
  try {
    return task(resource);
  } finally {
    resource.close();
  }
}
