/** To be written. */
export function LoginPage() {
  return null;
}
