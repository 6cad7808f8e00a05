/** To be written. */
export function SignedInPage() {
  return null;
}
