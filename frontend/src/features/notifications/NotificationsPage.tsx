/** To be written. */
export function NotificationsPage() {
  return null;
}
