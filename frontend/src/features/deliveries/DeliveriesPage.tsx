/** To be written. */
export function DeliveriesPage() {
  return null;
}
