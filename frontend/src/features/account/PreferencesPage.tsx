/** To be written. */
export function PreferencesPage() {
  return null;
}
