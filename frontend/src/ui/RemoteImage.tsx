import { Avatar } from "@mantine/core";

/** A picture of Discord's or Twitch's; initials until it is there, or when it is not. */
export function RemoteImage({
  src,
  name,
  size = 32,
  round = true,
}: {
  src: string | null | undefined;
  name: string;
  size?: number;
  round?: boolean;
}) {
  return (
    <Avatar
      src={src}
      name={name}
      alt=""
      size={size}
      radius={round ? "xl" : "md"}
      color="initials"
      imageProps={{ loading: "lazy", referrerPolicy: "no-referrer", width: size, height: size }}
      aria-hidden
    />
  );
}
