/** To be written. */
export function PrivacyPage() {
  return null;
}
