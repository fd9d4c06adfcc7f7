/** Colours of the website (frontend/styles/tokens.css), light and dark, and the shapes that all screens share. */
import { StyleSheet, useColorScheme } from "react-native";

const LIGHT = {
  background: "#f6f7f6",
  surface: "#ffffff",
  ink: "#141a19",
  muted: "#56615f",
  line: "#b9c2bf",
  accent: "#0b6e58",
  onAccent: "#ffffff",
  danger: "#b3261e",
};
const DARK: Colors = {
  background: "#0e1212",
  surface: "#161b1b",
  ink: "#e8eeec",
  muted: "#9aa8a4",
  line: "#435150",
  accent: "#57d3ab",
  onAccent: "#04241b",
  danger: "#ff9b92",
};

export type Colors = typeof LIGHT;

export function useColors(): Colors {
  return useColorScheme() === "dark" ? DARK : LIGHT;
}

/** Fingers need targets of at least 44 points. */
export const TARGET = 48;

export const shapes = StyleSheet.create({
  screen: { padding: 20, gap: 16, width: "100%", maxWidth: 640, alignSelf: "center" },
  title: { fontSize: 28, fontWeight: "700" },
  text: { fontSize: 16, lineHeight: 24 },
  small: { fontSize: 14, lineHeight: 20 },
  field: { minHeight: TARGET, borderWidth: 1, borderRadius: 8, paddingHorizontal: 12, fontSize: 16 },
  button: { minHeight: TARGET, borderRadius: 8, alignItems: "center", justifyContent: "center", paddingHorizontal: 16 },
  buttonText: { fontSize: 16, fontWeight: "600" },
  row: { flexDirection: "row", gap: 12, flexWrap: "wrap" },
  card: { borderWidth: 1, borderRadius: 14, padding: 12, gap: 4 },
});
