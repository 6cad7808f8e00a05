/** To be written. */
export function InvitePage() {
  return null;
}
