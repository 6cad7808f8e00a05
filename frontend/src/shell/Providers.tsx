import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { theme } from "~/theme";

const schemes = localStorageColorSchemeManager();

/** What every page stands on. */
export function Providers({ client, children }: { client: QueryClient; children: ReactNode }) {
  return (
    <QueryClientProvider client={client}>
      <MantineProvider theme={theme} defaultColorScheme="dark" colorSchemeManager={schemes}>
        {children}
      </MantineProvider>
    </QueryClientProvider>
  );
}
