/** To be written. */
export function DeliveryPage() {
  return null;
}
