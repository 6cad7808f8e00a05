import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "./theme.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client";
import { startI18n } from "./i18n";
import { createAppRouter } from "./router";
import { noteLostChunks } from "./shell/lost-chunks";
import { Providers } from "./shell/Providers";

noteLostChunks();
const client = createQueryClient();
const router = createAppRouter(client);
const root = document.getElementById("root");

if (root) {
  await startI18n();
  createRoot(root).render(
    <StrictMode>
      <Providers client={client}>
        <RouterProvider router={router} />
      </Providers>
    </StrictMode>,
  );
}
