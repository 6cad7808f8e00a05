import { Anchor, Button, type AnchorProps, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentProps } from "react";

type Native = Omit<ComponentProps<"a">, "style" | "color">;

/** A link in a text, to a page of ours. */
export const TextLink = createLink((props: AnchorProps & Native) => (
  <Anchor underline="always" inherit {...props} />
));

/** A link to a page of ours that looks like a button. */
export const LinkButton = createLink((props: ButtonProps & Native) => (
  <Button component="a" {...props} />
));
