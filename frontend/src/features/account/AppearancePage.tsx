/** To be written. */
export function AppearancePage() {
  return null;
}
