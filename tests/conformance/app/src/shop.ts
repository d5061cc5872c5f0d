interface Basket {
  coins: number[];
}

export class Shop {
  constructor(private readonly name: string) {}

  sell(basket: Basket): number {
    const sum = basket.coins.reduce((total, coin) => total + coin, 0);
    if (sum === 0) {
      throw new RangeError(`no money for ${this.name}`);
    }
    return sum;
  }
}

export function openShop(name: string): number {
  const shop = new Shop(name);
  return shop.sell({ coins: [] });
}
