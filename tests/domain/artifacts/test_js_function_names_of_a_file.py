"""A whole file, as people write them: the function of each line, by what stands behind ``//=``."""

from shipmark.artifacts.js_function_names import scopes_of

FILE = r"""
import React, { useState } from "react";

/** Don't be fooled: } function comment() { */
export interface Props {
  items: Item[];
  onChange?: (item: Item) => void;
}

const PRICE = /^\d+(?:[.,]\d{2})?$/; //=
export const format = (value: number, { currency = "EUR" } = {}): string => {
  const text = `${value.toFixed(2)} ${currency === "EUR" ? "€" : `(${currency})`}`;
  return text.replace(/[{}]/g, ""); //= format
};

export default function Cart({ items, onChange }: Props) {
  const [open, setOpen] = useState(false); //= Cart
  const total = items.reduce((sum, item) => {
    return sum + item.price / item.count; //= <anonymous>
  }, 0);
  function toggle() {
    setOpen(!open); //= toggle
  }
  const change = async (item: Item): Promise<void> => {
    try {
      await save(item); //= change
    } catch {
      toggle(); //= change
    }
  };
  if (!items.length) {
    return <p className="empty">It's empty</p>; //= Cart
  }
  return (
    <ul onClick={toggle}>
      {items.map((item) => (
        <li key={item.id}>{format(item.price)}</li> //= <anonymous>
      ))}
    </ul>
  ); //= Cart
}

export abstract class Store<T extends { id: string }> implements Iterable<T> {
  private static instance?: Store<any>;
  readonly name: string = "store"; //=
  constructor(private readonly held: Map<string, T> = new Map()) {
    super(); //= new Store
  }
  get size(): number {
    return this.held.size; //= Store.size
  }
  @bound
  async load<K extends keyof T>(key: K, options: { deep?: boolean } = {}): Promise<T[K][]> {
    for await (const each of this.all()) {
      if (each) {
        log(each); //= Store.load
      }
    }
    return []; //= Store.load
  }
  find = (id: string): T | undefined => this.held.get(id); //=
  *all() {
    yield* this.held.values(); //= Store.all
  }
}

module.exports.legacy = function () {
  return Object.keys(this).map(function named(key) {
    return key; //= named
  });
};
//=
"""


def test_each_line_is_in_the_function_that_it_is_in() -> None:
    scopes = scopes_of(FILE)
    place, found, expected = 0, [], []
    for number, line in enumerate(FILE.split("\n")):
        code, mark, name = line.partition("//=")
        if mark:
            found.append((number, scopes.at(place + len(code.rstrip())) or ""))
            expected.append((number, name.strip()))
        place += len(line) + 1
    assert found == expected
