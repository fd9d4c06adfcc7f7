/** The few parts of which all screens are made. */
import type { ReactNode } from "react";
import { Pressable, Text, TextInput, type TextInputProps, View } from "react-native";
import { shapes, useColors } from "./theme.ts";

export function Title({ children }: { children: ReactNode }) {
  const { ink } = useColors();
  return (
    <Text role="heading" aria-level={1} style={[shapes.title, { color: ink }]}>
      {children}
    </Text>
  );
}

export function Note({ children, small = false }: { children: ReactNode; small?: boolean }) {
  const { muted } = useColors();
  return <Text style={[small ? shapes.small : shapes.text, { color: muted }]}>{children}</Text>;
}

/** Announced by screen readers when it appears. */
export function Failure({ message }: { message: string }) {
  const { danger } = useColors();
  if (!message) return null;
  return (
    <Text role="alert" style={[shapes.text, { color: danger }]}>
      {message}
    </Text>
  );
}

interface ButtonProps {
  label: string;
  onPress: () => void;
  quiet?: boolean;
  disabled?: boolean;
}

export function Button({ label, onPress, quiet = false, disabled = false }: ButtonProps) {
  const { accent, onAccent, surface, line, ink } = useColors();
  const look = quiet
    ? { backgroundColor: surface, borderWidth: 1, borderColor: line }
    : { backgroundColor: accent, borderWidth: 1, borderColor: accent };
  return (
    <Pressable
      role="button"
      aria-disabled={disabled}
      disabled={disabled}
      onPress={onPress}
      style={({ pressed }) => [shapes.button, look, { opacity: opacityOf(disabled, pressed) }]}
    >
      <Text style={[shapes.buttonText, { color: quiet ? ink : onAccent }]}>{label}</Text>
    </Pressable>
  );
}

function opacityOf(disabled: boolean, pressed: boolean): number {
  if (disabled) return 0.5;
  return pressed ? 0.8 : 1;
}

export function Field({ label, ...props }: TextInputProps & { label: string }) {
  const { ink, muted, line, surface } = useColors();
  return (
    <View style={{ gap: 6 }}>
      <Text style={[shapes.small, { color: ink, fontWeight: "600" }]}>{label}</Text>
      <TextInput
        aria-label={label}
        autoCapitalize="none"
        autoCorrect={false}
        placeholderTextColor={muted}
        style={[shapes.field, { color: ink, borderColor: line, backgroundColor: surface }]}
        {...props}
      />
    </View>
  );
}

export function Bar({ fraction, label }: { fraction: number; label: string }) {
  const { accent, line } = useColors();
  const percent = Math.round(fraction * 100);
  return (
    <View
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      style={{ height: 8, borderRadius: 4, backgroundColor: line, overflow: "hidden" }}
    >
      <View style={{ height: 8, width: `${percent}%`, backgroundColor: accent }} />
    </View>
  );
}
