/** The model as its turntable pictures: a finger turns it, and so do two buttons. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Image, PanResponder, View } from "react-native";
import { Button, Note } from "./parts.tsx";
import { shapes, useColors } from "./theme.ts";

/** Points that a finger moves for one picture. */
const STEP = 10;

export function framesOf(links: Record<string, string>): string[] {
  const names = Object.keys(links).filter((name) => /^render_\d{3}\.png$/.test(name));
  return names.sort().map((name) => links[name] ?? "");
}

export function Turntable({ links, title }: { links: Record<string, string>; title: string }) {
  const { surface } = useColors();
  const frames = useMemo(() => framesOf(links), [links]);
  const [index, setIndex] = useState(0);
  const start = useRef(0);
  const count = frames.length;
  const turn = useCallback((by: number) => setIndex((now) => (now + by + count) % count), [count]);
  const finger = useMemo(
    () =>
      PanResponder.create({
        onMoveShouldSetPanResponder: (_, { dx, dy }) => Math.abs(dx) > Math.abs(dy), // a vertical swipe scrolls
        onPanResponderGrant: () => {
          start.current = 0;
        },
        onPanResponderMove: (_, { dx }) => {
          const steps = Math.trunc((dx - start.current) / STEP);
          if (steps === 0) return;
          start.current += steps * STEP;
          turn(-steps % count);
        },
      }),
    [turn, count],
  );
  useEffect(() => frames.forEach((url) => void Image.prefetch(url)), [frames]);

  if (frames.length === 0) return <Note>The pictures of this model aren't available.</Note>;
  const view = `${title}, view ${index + 1} of ${count}`;
  return (
    <View style={{ gap: 8 }}>
      <View {...finger.panHandlers} style={{ backgroundColor: surface, borderRadius: 14, overflow: "hidden" }}>
        <Image
          source={{ uri: frames[index] ?? "" }}
          alt={view}
          aria-label={view}
          style={{ width: "100%", aspectRatio: 1 }}
          resizeMode="contain"
        />
      </View>
      <View style={shapes.row}>
        <Button label="Turn left" onPress={() => turn(-1)} quiet />
        <Button label="Turn right" onPress={() => turn(1)} quiet />
      </View>
    </View>
  );
}
