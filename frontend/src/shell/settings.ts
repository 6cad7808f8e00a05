import { useLocalStorage } from "@mantine/hooks";

/** Whether single keys do something; people who dictate want them off (WCAG 2.1.4). */
export function useShortcutsSetting() {
  return useLocalStorage({ key: "streammaxing-shortcuts", defaultValue: true });
}
