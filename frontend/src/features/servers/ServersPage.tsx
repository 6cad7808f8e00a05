/** To be written. */
export function ServersPage() {
  return null;
}
