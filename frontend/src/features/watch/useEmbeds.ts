import { useLocalStorage } from "@mantine/hooks";

/** Whether Twitch's own pages may be loaded into ours; asked once per browser, and taken back at any time. */
export function useEmbeds() {
  const [allowed, setAllowed] = useLocalStorage<unknown>({
    key: "streammaxing-twitch-embeds",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  // What somebody else has written there is no consent.
  return { allowed: allowed === true, setAllowed };
}
