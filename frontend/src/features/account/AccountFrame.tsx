/** To be written. */
export function AccountFrame() {
  return null;
}
