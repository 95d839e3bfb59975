// SPDX-License-Identifier: Apache-2.0

//   kept as it is


pat   1 ;
import"../../../../patterns/sets.pat"  ; // why

ruleset mine{after fold,fuse;}
ruleset other ;
schedule twice=fold*;(fold;mine )*;   mine{ 2 };
/// A function.
fn pick( l:list,i :int )->int=i<0?l[ -1 ]:l[i] ;
fn far_too_long_for_one_line(first_argument: tensor, second_argument: tensor) = sum(first_argument * second_argument, [0, 1]);
frag half( x )=mul( x,0.5 tol 1e-3 )|div( x,2 )  ;
frag limit(x)->{low:float}=relu(x)=>{low=0}|clamp(x,min=lo,max=none)where has(lo)=>{low=lo??0};
/// A rule.
rule first:mine,benefit 10,class real{
match{// of what
y=half( dropout ?( limit( x )as m,p=_ ) ) ;

// Between.
keep(v,i)=topk(y,k=1,dim={ -1,2 });   z = ordered sub(v, x: const f32[ O,.. ]&splat) ; // behind
}
where shape( x )==shape(y),(O>2||!has(m)),-O<0 ;
  when O%2==0&&O!=3;   let t=[2*v for v in 0 .. O] ;
// Last.


rewrite{z=clamp(mul(x,0.5),min=m.low/2,max = O>2?1.0:2.0);}
// At the end.
}
rule second for f in{softmax,log_softmax}:mine,class relaxed"says so",off{
match{p=f(x,dim=d);y=argmax(p,dim=e,keepdim=k);}
rewrite{y=argmax(x[ :,None,1 : 2 ],dim=a_very_long_name_that_goes_on+another_very_long_name_that_goes_on+d,keepdim=k);}}
test"a test"for first{
      graph (x: f32[2]) {
        y = relu(x);
          return y;
      }
  expect   no_match because"why" ;
}
// Comprehensions break before `for`, choices keep their blanks, schedules break between terms.
fn long_comprehension(p:list,s:list)=all([all([s[p[i]]==1||s[p[j]]==1||p[i]<p[j] for j in (i+1)..len(p)]) for i in 0..len(p)]);
rule chosen:mine,class real{match{y=conv2d(x,w:const[O,_,_,_],b?:const[O],..a);z=neg(y);}
rewrite{z=conv2d(x,-w,has(b)?(b??zeros([O]))*matmul(ones([O,O]),zeros([O])+ones([O])*2.0)-2.0*(b??zeros([O])):none,..a);}}
schedule default=fold*;(fold*;mine*;fold*;mine*)*;(mine*;fold*)*;mine{2};(fold*;mine*)*;fold*;mine*;
fn rows(t:tensor)=t[ None,:,0 ];
