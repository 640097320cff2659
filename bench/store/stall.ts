/** How long timers had to wait beyond their time. */
export class Stall {
  private most = 0;
  private before = performance.now();
  private readonly timer = setInterval(() => {
    const time = performance.now();
    this.most = Math.max(this.most, time - this.before - 5);
    this.before = time;
  }, 5);

  longest(): number {
    clearInterval(this.timer);
    return this.most;
  }
}
