/** To be written. */
export function StreamerPage() {
  return null;
}
