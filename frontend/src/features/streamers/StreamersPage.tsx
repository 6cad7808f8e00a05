/** To be written. */
export function StreamersPage() {
  return null;
}
