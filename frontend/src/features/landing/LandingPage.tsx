/** To be written. */
export function LandingPage() {
  return null;
}
