/** The field of a journal that holds a replica's credit of a user's budget for a route. Neither an epoch nor a route has a space. */
export function creditField(epoch: string, route: string, user: string): string {
  return `$${epoch} ${route} ${user}`;
}

/** The epoch and the user of such a field; undefined for any other field. */
export function creditOf(field: string): { readonly epoch: string; readonly user: string } | undefined {
  const [, epoch, user] = /^\$(\S+) \S* (.*)$/s.exec(field) ?? [];
  return epoch === undefined || user === undefined ? undefined : { epoch, user };
}
