/**
 * From light to pixels in the lit modes: Khronos PBR Neutral, which keeps colours true, with a shorter toe. The original takes
 * away the 0.04 that every surface reflects; of a black object hardly more is left, and its shape would disappear.
 * Source: https://github.com/KhronosGroup/ToneMapping/tree/main/PBR_Neutral
 */
import { CustomToneMapping, ShaderChunk, type WebGLRenderer } from "three";

/** Brightness that is taken away from all but the darkest colours. */
const TOE = 0.015;

const NEUTRAL_WITH_SHORT_TOE = `vec3 CustomToneMapping( vec3 color ) {
  const float Toe = ${TOE};
  const float StartCompression = 0.8 - Toe;
  const float Desaturation = 0.15;
  color *= toneMappingExposure;
  float darkest = min( color.r, min( color.g, color.b ) );
  color -= darkest < 2.0 * Toe ? darkest - darkest * darkest / ( 4.0 * Toe ) : Toe;
  float peak = max( color.r, max( color.g, color.b ) );
  if ( peak < StartCompression ) return color;
  float rest = 1.0 - StartCompression;
  float newPeak = 1.0 - rest * rest / ( peak + rest - StartCompression );
  float whiteness = 1.0 - 1.0 / ( Desaturation * ( peak - newPeak ) + 1.0 );
  return mix( color * newPeak / peak, vec3( newPeak ), whiteness );
}`;

/** Call it before the first material is compiled. */
export function setToneMapping(renderer: WebGLRenderer): void {
  const original = "vec3 CustomToneMapping( vec3 color ) { return color; }";
  ShaderChunk.tonemapping_pars_fragment = ShaderChunk.tonemapping_pars_fragment.replace(
    original,
    NEUTRAL_WITH_SHORT_TOE,
  );
  renderer.toneMapping = CustomToneMapping;
}
