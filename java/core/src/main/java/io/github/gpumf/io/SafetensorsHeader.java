package io.github.gpumf.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.github.gpumf.io.Tensor.ElementType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The JSON header of a safetensors file.
 *
 * @param metadata strings by key
 * @param entries the tensors, in the order of the header
 */
record SafetensorsHeader(SequencedMap<String, String> metadata, List<Entry> entries) {
  private static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /**
   * Where a tensor is.
   *
   * @param name of the tensor
   * @param type of its elements
   * @param shape its dimensions
   * @param begin first byte, counted from the end of the header
   * @param end after the last byte
   */
  record Entry(String name, ElementType type, List<Long> shape, long begin, long end) {}

  /** The header as JSON in UTF-8, not padded. */
  byte[] toJson() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      out.writeObjectFieldStart(METADATA);
      for (var item : metadata.entrySet()) {
        out.writeStringField(item.getKey(), item.getValue());
      }
      out.writeEndObject();
      for (Entry entry : entries) {
        out.writeObjectFieldStart(entry.name());
        out.writeStringField("dtype", entry.type().name());
        out.writeArrayFieldStart("shape");
        for (long length : entry.shape()) {
          out.writeNumber(length);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("data_offsets");
        out.writeNumber(entry.begin());
        out.writeNumber(entry.end());
        out.writeEndArray();
        out.writeEndObject();
      }
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a header. Token by token, so that what does not belong there, however deep or long, is
   * refused where it begins.
   *
   * @param file for messages
   * @param json the header
   * @throws InvalidSafetensorsException if it is not one
   */
  static SafetensorsHeader parse(Path file, String json) throws InvalidSafetensorsException {
    try (JsonParser in = JSON.createParser(json)) {
      return new Parser(file, in).header();
    } catch (JsonProcessingException malformed) {
      throw new InvalidSafetensorsException(
          file, "has a header that is not valid JSON: " + malformed.getOriginalMessage());
    } catch (InvalidSafetensorsException unexpected) {
      throw unexpected;
    } catch (IOException impossible) {
      throw new AssertionError("a string is read without I/O", impossible);
    }
  }

  private record Parser(Path file, JsonParser in) {
    SafetensorsHeader header() throws IOException {
      SequencedMap<String, String> metadata = new LinkedHashMap<>();
      List<Entry> entries = new ArrayList<>();
      expect(JsonToken.START_OBJECT, "the header");
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String name = in.currentName();
        expect(JsonToken.START_OBJECT, "\"" + name + "\"");
        if (name.equals(METADATA)) {
          while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            expect(JsonToken.VALUE_STRING, "metadata \"" + key + "\"");
            metadata.put(key, in.getText());
          }
        } else {
          entries.add(entry(name));
        }
      }
      if (in.nextToken() != null) {
        throw invalid("more after the header's end", "spaces alone");
      }
      return new SafetensorsHeader(metadata, entries);
    }

    private Entry entry(String name) throws IOException {
      String type = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String field = in.currentName();
        switch (field) {
          case "dtype" -> {
            expect(JsonToken.VALUE_STRING, "dtype of \"" + name + "\"");
            type = in.getText();
          }
          case "shape" -> shape = longs("shape of \"" + name + "\"");
          case "data_offsets" -> offsets = longs("data_offsets of \"" + name + "\"");
          default ->
              throw invalid(
                  "\"" + field + "\" in tensor \"" + name + "\"", "dtype, shape and data_offsets");
        }
      }
      if (type == null || shape == null || offsets == null || offsets.size() != 2) {
        throw invalid(
            "tensor \"" + name + "\" incomplete", "dtype, shape and two data_offsets in it");
      }
      return new Entry(name, elementType(name, type), shape, offsets.get(0), offsets.get(1));
    }

    private ElementType elementType(String name, String type) throws InvalidSafetensorsException {
      for (ElementType known : ElementType.values()) {
        if (known.name().equals(type)) {
          return known;
        }
      }
      throw invalid(
          "dtype \"" + type + "\" of tensor \"" + name + "\"",
          "one of " + List.of(ElementType.values()));
    }

    private List<Long> longs(String what) throws IOException {
      List<Long> values = new ArrayList<>();
      expect(JsonToken.START_ARRAY, what);
      while (in.nextToken() != JsonToken.END_ARRAY) {
        if (in.currentToken() != JsonToken.VALUE_NUMBER_INT || in.getLongValue() < 0) {
          throw invalid(in.getText() + " in " + what, "whole numbers of at least 0");
        }
        values.add(in.getLongValue());
      }
      return values;
    }

    private void expect(JsonToken token, String what) throws IOException {
      JsonToken found = in.nextToken();
      if (found != token) {
        throw invalid(found == null ? "nothing" : found + " as " + what, token + " as " + what);
      }
    }

    private InvalidSafetensorsException invalid(String found, String expected) {
      return new InvalidSafetensorsException(
          file, "is not a safetensors file: its header has " + found + ", expected " + expected);
    }
  }
}
